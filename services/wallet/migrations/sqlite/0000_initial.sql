CREATE TABLE `wallet_attribute` (
	`subject_ref` text NOT NULL,
	`name` text NOT NULL,
	`sealed` blob NOT NULL,
	`as_of` text NOT NULL,
	`proofing_id` text NOT NULL,
	`stale` integer NOT NULL,
	PRIMARY KEY(`subject_ref`, `name`)
);
--> statement-breakpoint
CREATE TABLE `wallet_binding` (
	`subject_ref` text NOT NULL,
	`sector_id` text NOT NULL,
	`persona_id` text NOT NULL,
	`bound_at` integer NOT NULL,
	PRIMARY KEY(`subject_ref`, `sector_id`)
);
--> statement-breakpoint
CREATE TABLE `wallet_deposit` (
	`proofing_id` text PRIMARY KEY NOT NULL,
	`deposited_at` integer NOT NULL,
	`key_id` text,
	`sealed` blob,
	`taken_at` integer
);
--> statement-breakpoint
CREATE INDEX `wallet_deposit_waiting` ON `wallet_deposit` (`taken_at`,`deposited_at`);--> statement-breakpoint
CREATE TABLE `wallet_key` (
	`key_id` text PRIMARY KEY NOT NULL,
	`key_class` text NOT NULL,
	`subject_ref` text,
	`parent_id` text,
	`epoch` text NOT NULL,
	`wrapped` blob NOT NULL,
	`made_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `wallet_key_subject` ON `wallet_key` (`subject_ref`);--> statement-breakpoint
CREATE INDEX `wallet_key_epoch` ON `wallet_key` (`epoch`);--> statement-breakpoint
CREATE INDEX `wallet_key_class` ON `wallet_key` (`key_class`);--> statement-breakpoint
CREATE TABLE `wallet_ledger_entry` (
	`subject_ref` text NOT NULL,
	`sequence` integer NOT NULL,
	`sealed` blob NOT NULL,
	`hash` blob NOT NULL,
	PRIMARY KEY(`subject_ref`, `sequence`)
);
--> statement-breakpoint
CREATE TABLE `wallet_pairwise` (
	`sector_id` text NOT NULL,
	`pairwise_subject` text NOT NULL,
	`subject_ref` text NOT NULL,
	`persona_id` text NOT NULL,
	`epoch` integer NOT NULL,
	PRIMARY KEY(`sector_id`, `pairwise_subject`)
);
--> statement-breakpoint
CREATE INDEX `wallet_pairwise_subject` ON `wallet_pairwise` (`subject_ref`,`sector_id`);--> statement-breakpoint
CREATE TABLE `wallet_persona` (
	`persona_id` text PRIMARY KEY NOT NULL,
	`subject_ref` text NOT NULL,
	`kind` text NOT NULL,
	`key_id` text NOT NULL,
	`sealed_label` blob NOT NULL,
	`allowance` text NOT NULL,
	`position` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `wallet_persona_subject` ON `wallet_persona` (`subject_ref`);--> statement-breakpoint
CREATE TABLE `wallet_release` (
	`release_id` text PRIMARY KEY NOT NULL,
	`request_id` text NOT NULL,
	`subject_ref` text NOT NULL,
	`rp_id` text NOT NULL,
	`sector_id` text NOT NULL,
	`purpose_id` text NOT NULL,
	`persona_id` text,
	`state` text NOT NULL,
	`requested` text NOT NULL,
	`consented` text NOT NULL,
	`levels` text NOT NULL,
	`purpose_digest` blob,
	`values_digest` blob,
	`consent_digest` blob,
	`consent_until` integer,
	`pairwise_subject` text,
	`issued_at` integer,
	`reliable_until` integer,
	`retained_until` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `wallet_release_request` ON `wallet_release` (`request_id`);--> statement-breakpoint
CREATE INDEX `wallet_release_subject` ON `wallet_release` (`subject_ref`);--> statement-breakpoint
CREATE INDEX `wallet_release_consent_until` ON `wallet_release` (`state`,`consent_until`);--> statement-breakpoint
CREATE INDEX `wallet_release_retained_until` ON `wallet_release` (`state`,`retained_until`);--> statement-breakpoint
CREATE TABLE `wallet_release_value` (
	`release_id` text PRIMARY KEY NOT NULL,
	`subject_ref` text NOT NULL,
	`key_id` text NOT NULL,
	`sealed` blob NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `wallet_release_value_until` ON `wallet_release_value` (`until`);--> statement-breakpoint
CREATE INDEX `wallet_release_value_subject` ON `wallet_release_value` (`subject_ref`);--> statement-breakpoint
CREATE TABLE `wallet_relying_party` (
	`rp_id` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`registration` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `wallet_subject` (
	`subject_ref` text PRIMARY KEY NOT NULL,
	`enrolled_at` integer NOT NULL,
	`erased_at` integer,
	`scrubbed_at` integer,
	`ledger_length` integer NOT NULL,
	`ledger_head` blob NOT NULL,
	`ledger_until` integer
);
--> statement-breakpoint
CREATE INDEX `wallet_subject_erased` ON `wallet_subject` (`erased_at`);--> statement-breakpoint
CREATE TABLE `wallet_threshold` (
	`persona_id` text NOT NULL,
	`sector_id` text NOT NULL,
	`claim` text NOT NULL,
	`subject_ref` text NOT NULL,
	PRIMARY KEY(`persona_id`, `sector_id`, `claim`)
);
--> statement-breakpoint
CREATE INDEX `wallet_threshold_subject` ON `wallet_threshold` (`subject_ref`);--> statement-breakpoint
CREATE TABLE `wallet_ticket` (
	`ticket_hash` text PRIMARY KEY NOT NULL,
	`release_id` text NOT NULL,
	`subject_ref` text NOT NULL,
	`sector_id` text NOT NULL,
	`expires_at` integer NOT NULL,
	`redeemed_at` integer
);
--> statement-breakpoint
CREATE INDEX `wallet_ticket_expires` ON `wallet_ticket` (`expires_at`);--> statement-breakpoint
CREATE INDEX `wallet_ticket_subject` ON `wallet_ticket` (`subject_ref`);