CREATE TABLE `authenticator_authenticator` (
	`id` text PRIMARY KEY NOT NULL,
	`subject_ref` text,
	`expected_subject_ref` text,
	`state` text NOT NULL,
	`reason` text NOT NULL,
	`credential_id` text NOT NULL,
	`public_key` blob NOT NULL,
	`algorithm` integer NOT NULL,
	`rp_id` text NOT NULL,
	`user_handle` text NOT NULL,
	`counter` integer NOT NULL,
	`backup_eligible` integer NOT NULL,
	`backed_up` integer NOT NULL,
	`attestation` text NOT NULL,
	`claimed_aaguid` text NOT NULL,
	`transports` text NOT NULL,
	`binding_hash` text NOT NULL,
	`bound_by_proofing_id` text,
	`created_at` integer NOT NULL,
	`pending_until` integer NOT NULL,
	`bound_at` integer,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `authenticator_authenticator_credential` ON `authenticator_authenticator` (`credential_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `authenticator_authenticator_binding` ON `authenticator_authenticator` (`binding_hash`);--> statement-breakpoint
CREATE INDEX `authenticator_authenticator_subject` ON `authenticator_authenticator` (`subject_ref`);--> statement-breakpoint
CREATE TABLE `authenticator_ceremony` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`challenge` text NOT NULL,
	`holder` text NOT NULL,
	`user_handle` text,
	`session_id` text,
	`subject_ref` text,
	`authenticator_id` text,
	`proofing_session_id` text,
	`ticket_hash` text,
	`expires_at` integer NOT NULL,
	`consumed_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `authenticator_ceremony_challenge` ON `authenticator_ceremony` (`challenge`);--> statement-breakpoint
CREATE INDEX `authenticator_ceremony_ticket` ON `authenticator_ceremony` (`ticket_hash`);--> statement-breakpoint
CREATE INDEX `authenticator_ceremony_expiry` ON `authenticator_ceremony` (`expires_at`);--> statement-breakpoint
CREATE INDEX `authenticator_ceremony_subject` ON `authenticator_ceremony` (`subject_ref`);--> statement-breakpoint
CREATE TABLE `authenticator_session_use` (
	`session_id` text NOT NULL,
	`rp_id` text NOT NULL,
	`used_at` integer NOT NULL,
	PRIMARY KEY(`session_id`, `rp_id`)
);
--> statement-breakpoint
CREATE TABLE `authenticator_session` (
	`id` text PRIMARY KEY NOT NULL,
	`token_hash` text NOT NULL,
	`subject_ref` text NOT NULL,
	`method` text NOT NULL,
	`authenticator_id` text NOT NULL,
	`auth` text NOT NULL,
	`bound_by_proofing_id` text,
	`authenticated_at` integer NOT NULL,
	`last_active_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `authenticator_session_token` ON `authenticator_session` (`token_hash`);--> statement-breakpoint
CREATE INDEX `authenticator_session_subject` ON `authenticator_session` (`subject_ref`);--> statement-breakpoint
CREATE INDEX `authenticator_session_authenticator` ON `authenticator_session` (`authenticator_id`);--> statement-breakpoint
CREATE INDEX `authenticator_session_expiry` ON `authenticator_session` (`expires_at`);