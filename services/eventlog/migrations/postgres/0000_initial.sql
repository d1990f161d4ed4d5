CREATE TABLE "eventlog_consumer_key" (
	"consumer" text NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"source" text NOT NULL,
	"version" bigint NOT NULL,
	CONSTRAINT "eventlog_consumer_key_consumer_topic_key_source_pk" PRIMARY KEY("consumer","topic","key","source")
);
--> statement-breakpoint
CREATE TABLE "eventlog_consumer_offset" (
	"consumer" text NOT NULL,
	"topic" text NOT NULL,
	"partition" bigint NOT NULL,
	"next" bigint NOT NULL,
	CONSTRAINT "eventlog_consumer_offset_consumer_topic_partition_pk" PRIMARY KEY("consumer","topic","partition")
);
--> statement-breakpoint
CREATE TABLE "eventlog_key_version" (
	"source" text NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"version" bigint NOT NULL,
	CONSTRAINT "eventlog_key_version_source_topic_key_pk" PRIMARY KEY("source","topic","key")
);
--> statement-breakpoint
CREATE TABLE "eventlog_outbox" (
	"seq" bigserial PRIMARY KEY NOT NULL,
	"transaction_id" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"id" text NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"headers" jsonb NOT NULL,
	"value" "bytea",
	"refusal" text
);
--> statement-breakpoint
CREATE TABLE "eventlog_parked_event" (
	"consumer" text NOT NULL,
	"topic" text NOT NULL,
	"partition" bigint NOT NULL,
	"offset" bigint NOT NULL,
	"key" text NOT NULL,
	"headers" jsonb NOT NULL,
	"value" "bytea",
	"reason" text NOT NULL,
	"parked_at" timestamp (3) with time zone NOT NULL,
	"first" boolean NOT NULL,
	CONSTRAINT "eventlog_parked_event_consumer_topic_partition_offset_pk" PRIMARY KEY("consumer","topic","partition","offset")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "eventlog_outbox_id" ON "eventlog_outbox" USING btree ("id");--> statement-breakpoint
CREATE INDEX "eventlog_outbox_order" ON "eventlog_outbox" USING btree ("transaction_id","seq");--> statement-breakpoint
CREATE INDEX "eventlog_parked_event_key" ON "eventlog_parked_event" USING btree ("consumer","topic","key");