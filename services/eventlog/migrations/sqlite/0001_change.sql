CREATE TABLE `eventlog_discarded_event` (
	`consumer` text NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`offset` integer NOT NULL,
	`key` text NOT NULL,
	`headers` text NOT NULL,
	`value` blob,
	`reason` text NOT NULL,
	`parked_at` integer NOT NULL,
	`discard_reason` text NOT NULL,
	`discarded_at` integer NOT NULL,
	PRIMARY KEY(`consumer`, `topic`, `partition`, `offset`)
);
