ALTER TABLE "federation_feed" ADD COLUMN "noted_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "federation_feed_noted" ON "federation_feed" USING btree ("noted_at");