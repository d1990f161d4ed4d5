CREATE TABLE `federation_feed` (
	`rp_id` text NOT NULL,
	`place` integer NOT NULL,
	`kind` text NOT NULL,
	`pairwise_subject` text NOT NULL,
	`framework` text NOT NULL,
	`axis` text NOT NULL,
	`level` text NOT NULL,
	`previous_level` text NOT NULL,
	`lowered` integer NOT NULL,
	`valid_until` integer,
	PRIMARY KEY(`rp_id`, `place`)
);
--> statement-breakpoint
CREATE INDEX `federation_feed_subject` ON `federation_feed` (`rp_id`,`pairwise_subject`);--> statement-breakpoint
CREATE TABLE `federation_feed_head` (
	`rp_id` text PRIMARY KEY NOT NULL,
	`last` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `federation_interaction` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`rp_id` text NOT NULL,
	`return_uri` text NOT NULL,
	`ui_locale` text NOT NULL,
	`minimum` text NOT NULL,
	`purpose_id` text,
	`claims` text NOT NULL,
	`status` text NOT NULL,
	`progress` text NOT NULL,
	`version` integer NOT NULL,
	`browser_hash` blob,
	`subject_ref` text,
	`persona_id` text,
	`consent` text,
	`result` text,
	`code_sha256` blob,
	`failure` text,
	`shortfalls` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `federation_interaction_status` ON `federation_interaction` (`status`,`expires_at`);--> statement-breakpoint
CREATE INDEX `federation_interaction_subject` ON `federation_interaction` (`subject_ref`);--> statement-breakpoint
CREATE TABLE `federation_key` (
	`name` text PRIMARY KEY NOT NULL,
	`value` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `federation_known_subject` (
	`rp_id` text NOT NULL,
	`pairwise_subject` text NOT NULL,
	`subject_ref` text NOT NULL,
	PRIMARY KEY(`rp_id`, `pairwise_subject`)
);
--> statement-breakpoint
CREATE INDEX `federation_known_subject_ref` ON `federation_known_subject` (`subject_ref`);--> statement-breakpoint
CREATE TABLE `federation_relying_party` (
	`rp_id` text PRIMARY KEY NOT NULL,
	`registration` text NOT NULL,
	`digest` blob NOT NULL,
	`version` integer NOT NULL,
	`changed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `federation_used_assertion` (
	`rp_id` text NOT NULL,
	`jti_digest` text NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`rp_id`, `jti_digest`)
);
--> statement-breakpoint
CREATE INDEX `federation_used_assertion_until` ON `federation_used_assertion` (`until`);