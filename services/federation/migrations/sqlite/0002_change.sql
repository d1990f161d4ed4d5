CREATE TABLE `federation_told_axis` (
	`rp_id` text NOT NULL,
	`pairwise_subject` text NOT NULL,
	`framework` text NOT NULL,
	`axis` text NOT NULL,
	`login_level` text,
	PRIMARY KEY(`rp_id`, `pairwise_subject`, `framework`, `axis`)
);
