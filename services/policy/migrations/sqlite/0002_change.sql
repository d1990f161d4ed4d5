ALTER TABLE `policy_proposal` ADD `intent` text DEFAULT 'any' NOT NULL;--> statement-breakpoint
ALTER TABLE `policy_proposal` ADD `refusal` text;--> statement-breakpoint
ALTER TABLE `policy_release` ADD `intent` text DEFAULT 'any' NOT NULL;