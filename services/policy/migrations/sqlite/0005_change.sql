CREATE TABLE `policy_coded` (
	`subject_ref` text PRIMARY KEY NOT NULL,
	`facts_digest` text NOT NULL,
	`coding` text NOT NULL,
	`words` blob NOT NULL
);
