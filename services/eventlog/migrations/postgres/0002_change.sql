CREATE TABLE "eventlog_producer_key" (
	"source" text PRIMARY KEY NOT NULL,
	"key_id" text NOT NULL
);
