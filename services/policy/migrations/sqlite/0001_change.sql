CREATE TABLE `policy_author` (
	`subject_ref` text PRIMARY KEY NOT NULL,
	`code` text NOT NULL,
	`granted` integer NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `policy_author_code` ON `policy_author` (`code`);--> statement-breakpoint
CREATE TABLE `policy_content` (
	`digest` text PRIMARY KEY NOT NULL,
	`documents` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `policy_in_force` (
	`policy_digest` text PRIMARY KEY NOT NULL,
	`pack` text NOT NULL,
	`content_digest` text NOT NULL,
	`since` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `policy_proposal` (
	`id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`author` text NOT NULL,
	`note` text NOT NULL,
	`at` integer NOT NULL,
	`rolled_back_to` integer,
	`base_policy_digest` text NOT NULL,
	`base_content_digest` text NOT NULL,
	`content_digest` text NOT NULL,
	`report` text NOT NULL,
	`decided_by` text
);
--> statement-breakpoint
CREATE TABLE `policy_release` (
	`digest` text PRIMARY KEY NOT NULL,
	`sequence` integer NOT NULL,
	`previous` text,
	`pack` text NOT NULL,
	`policy_digest` text NOT NULL,
	`content_digest` text NOT NULL,
	`versions` text NOT NULL,
	`author` text NOT NULL,
	`approver` text NOT NULL,
	`note` text NOT NULL,
	`rolled_back_to` integer,
	`published_at` integer NOT NULL,
	`kid` text NOT NULL,
	`signature` blob NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `policy_release_sequence` ON `policy_release` (`sequence`);--> statement-breakpoint
ALTER TABLE `policy_fact` ADD `recorded_at` integer;