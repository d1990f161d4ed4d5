ALTER TABLE `federation_interaction` ADD `signature_id` text;--> statement-breakpoint
ALTER TABLE `federation_interaction` ADD `signing` text;