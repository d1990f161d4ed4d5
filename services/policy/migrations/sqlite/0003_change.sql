ALTER TABLE `policy_decision` ADD `occasion` text DEFAULT 'change' NOT NULL;--> statement-breakpoint
ALTER TABLE `policy_decision` ADD `question_id` text;--> statement-breakpoint
ALTER TABLE `policy_decision` ADD `relying_party` text;--> statement-breakpoint
ALTER TABLE `policy_decision` ADD `requested` text;--> statement-breakpoint
ALTER TABLE `policy_decision` ADD `satisfied` integer;--> statement-breakpoint
ALTER TABLE `policy_decision` ADD `ceremony` text;--> statement-breakpoint
CREATE INDEX `policy_decision_decided_at` ON `policy_decision` (`decided_at`);