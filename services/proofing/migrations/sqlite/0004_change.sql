CREATE TABLE `proofing_signature` (
	`signature_id` text PRIMARY KEY NOT NULL,
	`rp_id` text NOT NULL,
	`only_by` text,
	`document` blob NOT NULL,
	`requested_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`subject_ref` text,
	`ticket_hash` text,
	`return_path` text,
	`signing_time` integer,
	`evidence_digest` text,
	`taken_at` integer,
	`result` blob,
	`reads` integer NOT NULL,
	`submissions` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `proofing_signature_ticket` ON `proofing_signature` (`ticket_hash`);--> statement-breakpoint
CREATE INDEX `proofing_signature_asked` ON `proofing_signature` (`rp_id`,`requested_at`);--> statement-breakpoint
CREATE INDEX `proofing_signature_requested` ON `proofing_signature` (`requested_at`);--> statement-breakpoint
CREATE INDEX `proofing_signature_subject` ON `proofing_signature` (`subject_ref`);