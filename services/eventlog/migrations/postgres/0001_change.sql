CREATE TABLE "eventlog_discarded_event" (
	"consumer" text NOT NULL,
	"topic" text NOT NULL,
	"partition" bigint NOT NULL,
	"offset" bigint NOT NULL,
	"key" text NOT NULL,
	"headers" jsonb NOT NULL,
	"value" "bytea",
	"reason" text NOT NULL,
	"parked_at" timestamp (3) with time zone NOT NULL,
	"discard_reason" text NOT NULL,
	"discarded_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "eventlog_discarded_event_consumer_topic_partition_offset_pk" PRIMARY KEY("consumer","topic","partition","offset")
);
