CREATE TABLE `proofing_check_count` (
	`month` text NOT NULL,
	`use` text NOT NULL,
	`kind` text NOT NULL,
	`rp_id` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`month`, `use`, `kind`, `rp_id`)
);
