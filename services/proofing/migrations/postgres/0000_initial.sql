CREATE TABLE "proofing_certificate" (
	"certificate_ref" text PRIMARY KEY NOT NULL,
	"subject_ref" text NOT NULL,
	"kind" text NOT NULL,
	"issuer" text NOT NULL,
	"target" "bytea" NOT NULL,
	"not_after" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"reason" text NOT NULL,
	"last_good_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "proofing_crl_number" (
	"point" text PRIMARY KEY NOT NULL,
	"number" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "proofing_person" (
	"subject_ref" text PRIMARY KEY NOT NULL,
	"person_ref" text NOT NULL,
	"enrolled_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "proofing_session" (
	"session_id" text PRIMARY KEY NOT NULL,
	"ticket_hash" text NOT NULL,
	"purpose" text NOT NULL,
	"rp_id" text NOT NULL,
	"key_use" text NOT NULL,
	"nonce" "bytea" NOT NULL,
	"binding_hash" "bytea" NOT NULL,
	"return_path" text NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"evidence_digest" text,
	"token_type" text,
	"taken_at" timestamp (3) with time zone,
	"proofing_id" text,
	"subject_ref" text,
	"certificate_ref" text,
	"reads" bigint NOT NULL,
	"submissions" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "proofing_certificate_subject" ON "proofing_certificate" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "proofing_certificate_not_after" ON "proofing_certificate" USING btree ("not_after");--> statement-breakpoint
CREATE UNIQUE INDEX "proofing_person_ref" ON "proofing_person" USING btree ("person_ref");--> statement-breakpoint
CREATE UNIQUE INDEX "proofing_session_ticket" ON "proofing_session" USING btree ("ticket_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "proofing_session_proofing" ON "proofing_session" USING btree ("proofing_id");--> statement-breakpoint
CREATE INDEX "proofing_session_certificate" ON "proofing_session" USING btree ("certificate_ref");--> statement-breakpoint
CREATE INDEX "proofing_session_subject" ON "proofing_session" USING btree ("subject_ref");