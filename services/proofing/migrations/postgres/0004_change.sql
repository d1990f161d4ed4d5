CREATE TABLE "proofing_signature" (
	"signature_id" text PRIMARY KEY NOT NULL,
	"rp_id" text NOT NULL,
	"only_by" text,
	"document" "bytea" NOT NULL,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"subject_ref" text,
	"ticket_hash" text,
	"return_path" text,
	"signing_time" timestamp (3) with time zone,
	"evidence_digest" text,
	"taken_at" timestamp (3) with time zone,
	"result" "bytea",
	"reads" bigint NOT NULL,
	"submissions" bigint NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "proofing_signature_ticket" ON "proofing_signature" USING btree ("ticket_hash");--> statement-breakpoint
CREATE INDEX "proofing_signature_asked" ON "proofing_signature" USING btree ("rp_id","requested_at");--> statement-breakpoint
CREATE INDEX "proofing_signature_requested" ON "proofing_signature" USING btree ("requested_at");--> statement-breakpoint
CREATE INDEX "proofing_signature_subject" ON "proofing_signature" USING btree ("subject_ref");