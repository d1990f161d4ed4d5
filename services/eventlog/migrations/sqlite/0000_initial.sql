CREATE TABLE `eventlog_consumer_key` (
	`consumer` text NOT NULL,
	`topic` text NOT NULL,
	`key` text NOT NULL,
	`source` text NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`consumer`, `topic`, `key`, `source`)
);
--> statement-breakpoint
CREATE TABLE `eventlog_consumer_offset` (
	`consumer` text NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`next` integer NOT NULL,
	PRIMARY KEY(`consumer`, `topic`, `partition`)
);
--> statement-breakpoint
CREATE TABLE `eventlog_key_version` (
	`source` text NOT NULL,
	`topic` text NOT NULL,
	`key` text NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`source`, `topic`, `key`)
);
--> statement-breakpoint
CREATE TABLE `eventlog_log_partition` (
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`low` integer NOT NULL,
	`next` integer NOT NULL,
	PRIMARY KEY(`topic`, `partition`)
);
--> statement-breakpoint
CREATE TABLE `eventlog_log_record` (
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`offset` integer NOT NULL,
	`id` blob NOT NULL,
	`key` text NOT NULL,
	`headers` text NOT NULL,
	`value` blob,
	`appended_at` integer NOT NULL,
	PRIMARY KEY(`topic`, `partition`, `offset`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `eventlog_log_record_id` ON `eventlog_log_record` (`topic`,`id`);--> statement-breakpoint
CREATE TABLE `eventlog_log_topic` (
	`name` text PRIMARY KEY NOT NULL,
	`partitions` integer NOT NULL,
	`cleanup` text NOT NULL,
	`retention_milliseconds` integer
);
--> statement-breakpoint
CREATE TABLE `eventlog_outbox` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`transaction_id` text DEFAULT '0' NOT NULL,
	`id` text NOT NULL,
	`topic` text NOT NULL,
	`key` text NOT NULL,
	`headers` text NOT NULL,
	`value` blob,
	`refusal` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `eventlog_outbox_id` ON `eventlog_outbox` (`id`);--> statement-breakpoint
CREATE INDEX `eventlog_outbox_order` ON `eventlog_outbox` (`transaction_id`,`seq`);--> statement-breakpoint
CREATE TABLE `eventlog_parked_event` (
	`consumer` text NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`offset` integer NOT NULL,
	`key` text NOT NULL,
	`headers` text NOT NULL,
	`value` blob,
	`reason` text NOT NULL,
	`parked_at` integer NOT NULL,
	`first` integer NOT NULL,
	PRIMARY KEY(`consumer`, `topic`, `partition`, `offset`)
);
--> statement-breakpoint
CREATE INDEX `eventlog_parked_event_key` ON `eventlog_parked_event` (`consumer`,`topic`,`key`);