CREATE TABLE `policy_activation` (
	`pack` text PRIMARY KEY NOT NULL,
	`version` text NOT NULL,
	`digest` text NOT NULL,
	`activated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `policy_decision` (
	`id` text PRIMARY KEY NOT NULL,
	`subject_ref` text NOT NULL,
	`framework` text NOT NULL,
	`axis` text NOT NULL,
	`level` text NOT NULL,
	`fired_rules` text NOT NULL,
	`valid_until` integer,
	`policy_digest` text NOT NULL,
	`facts_digest` text NOT NULL,
	`cause_event_id` text NOT NULL,
	`decided_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `policy_decision_subject_ref` ON `policy_decision` (`subject_ref`);--> statement-breakpoint
CREATE TABLE `policy_fact` (
	`subject_ref` text NOT NULL,
	`digest` text NOT NULL,
	`fact` text NOT NULL,
	PRIMARY KEY(`subject_ref`, `digest`)
);
--> statement-breakpoint
CREATE TABLE `policy_level` (
	`subject_ref` text NOT NULL,
	`framework` text NOT NULL,
	`axis` text NOT NULL,
	`level` text NOT NULL,
	`missing` text NOT NULL,
	`valid_until` integer,
	`due_at` integer,
	`policy_digest` text NOT NULL,
	`facts_digest` text NOT NULL,
	`decided_at` integer NOT NULL,
	PRIMARY KEY(`subject_ref`, `framework`, `axis`)
);
--> statement-breakpoint
CREATE INDEX `policy_level_due_at` ON `policy_level` (`due_at`);--> statement-breakpoint
CREATE TABLE `policy_person` (
	`subject_ref` text PRIMARY KEY NOT NULL,
	`facts_version` integer NOT NULL,
	`erased` integer NOT NULL
);
