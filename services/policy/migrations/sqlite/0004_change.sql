ALTER TABLE `policy_proposal` ADD `successor` text;--> statement-breakpoint
ALTER TABLE `policy_release` ADD `successor` text;