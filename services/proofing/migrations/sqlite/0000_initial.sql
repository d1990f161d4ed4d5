CREATE TABLE `proofing_certificate` (
	`certificate_ref` text PRIMARY KEY NOT NULL,
	`subject_ref` text NOT NULL,
	`kind` text NOT NULL,
	`issuer` text NOT NULL,
	`target` blob NOT NULL,
	`not_after` integer NOT NULL,
	`status` text NOT NULL,
	`reason` text NOT NULL,
	`last_good_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `proofing_certificate_subject` ON `proofing_certificate` (`subject_ref`);--> statement-breakpoint
CREATE INDEX `proofing_certificate_not_after` ON `proofing_certificate` (`not_after`);--> statement-breakpoint
CREATE TABLE `proofing_crl_number` (
	`point` text PRIMARY KEY NOT NULL,
	`number` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `proofing_person` (
	`subject_ref` text PRIMARY KEY NOT NULL,
	`person_ref` text NOT NULL,
	`enrolled_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `proofing_person_ref` ON `proofing_person` (`person_ref`);--> statement-breakpoint
CREATE TABLE `proofing_session` (
	`session_id` text PRIMARY KEY NOT NULL,
	`ticket_hash` text NOT NULL,
	`purpose` text NOT NULL,
	`rp_id` text NOT NULL,
	`key_use` text NOT NULL,
	`nonce` blob NOT NULL,
	`binding_hash` blob NOT NULL,
	`return_path` text NOT NULL,
	`opened_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`evidence_digest` text,
	`token_type` text,
	`taken_at` integer,
	`proofing_id` text,
	`subject_ref` text,
	`certificate_ref` text,
	`reads` integer NOT NULL,
	`submissions` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `proofing_session_ticket` ON `proofing_session` (`ticket_hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `proofing_session_proofing` ON `proofing_session` (`proofing_id`);--> statement-breakpoint
CREATE INDEX `proofing_session_certificate` ON `proofing_session` (`certificate_ref`);--> statement-breakpoint
CREATE INDEX `proofing_session_subject` ON `proofing_session` (`subject_ref`);