CREATE TABLE `proofing_consent` (
	`consent_id` text PRIMARY KEY NOT NULL,
	`subject_ref` text NOT NULL,
	`reference` text NOT NULL,
	`document_digest` text NOT NULL,
	`evidence` blob NOT NULL,
	`given_at` integer NOT NULL,
	`withdrawn_at` integer,
	`end_told` integer NOT NULL,
	`retry_at` integer
);
--> statement-breakpoint
CREATE INDEX `proofing_consent_subject` ON `proofing_consent` (`subject_ref`);--> statement-breakpoint
CREATE INDEX `proofing_consent_end` ON `proofing_consent` (`end_told`,`withdrawn_at`);--> statement-breakpoint
ALTER TABLE `proofing_certificate` ADD `attributes_from` text;--> statement-breakpoint
CREATE INDEX `proofing_certificate_reason` ON `proofing_certificate` (`reason`,`attributes_from`);--> statement-breakpoint
ALTER TABLE `proofing_person` ADD `checked_at` integer;--> statement-breakpoint
ALTER TABLE `proofing_session` ADD `expected_subject_ref` text;