ALTER TABLE `federation_feed` ADD `noted_at` integer;--> statement-breakpoint
CREATE INDEX `federation_feed_noted` ON `federation_feed` (`noted_at`);