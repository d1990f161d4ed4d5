CREATE TABLE "proofing_consent" (
	"consent_id" text PRIMARY KEY NOT NULL,
	"subject_ref" text NOT NULL,
	"reference" text NOT NULL,
	"document_digest" text NOT NULL,
	"evidence" "bytea" NOT NULL,
	"given_at" timestamp (3) with time zone NOT NULL,
	"withdrawn_at" timestamp (3) with time zone,
	"end_told" boolean NOT NULL,
	"retry_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "proofing_certificate" ADD COLUMN "attributes_from" text;--> statement-breakpoint
ALTER TABLE "proofing_person" ADD COLUMN "checked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "proofing_session" ADD COLUMN "expected_subject_ref" text;--> statement-breakpoint
CREATE INDEX "proofing_consent_subject" ON "proofing_consent" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "proofing_consent_end" ON "proofing_consent" USING btree ("end_told","withdrawn_at");--> statement-breakpoint
CREATE INDEX "proofing_certificate_reason" ON "proofing_certificate" USING btree ("reason","attributes_from");