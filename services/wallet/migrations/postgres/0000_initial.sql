CREATE TABLE "wallet_attribute" (
	"subject_ref" text NOT NULL,
	"name" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"as_of" text NOT NULL,
	"proofing_id" text NOT NULL,
	"stale" boolean NOT NULL,
	CONSTRAINT "wallet_attribute_subject_ref_name_pk" PRIMARY KEY("subject_ref","name")
);
--> statement-breakpoint
CREATE TABLE "wallet_binding" (
	"subject_ref" text NOT NULL,
	"sector_id" text NOT NULL,
	"persona_id" text NOT NULL,
	"bound_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "wallet_binding_subject_ref_sector_id_pk" PRIMARY KEY("subject_ref","sector_id")
);
--> statement-breakpoint
CREATE TABLE "wallet_deposit" (
	"proofing_id" text PRIMARY KEY NOT NULL,
	"deposited_at" timestamp (3) with time zone NOT NULL,
	"key_id" text,
	"sealed" "bytea",
	"taken_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "wallet_key" (
	"key_id" text PRIMARY KEY NOT NULL,
	"key_class" text NOT NULL,
	"subject_ref" text,
	"parent_id" text,
	"epoch" text NOT NULL,
	"wrapped" "bytea" NOT NULL,
	"made_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "wallet_ledger_entry" (
	"subject_ref" text NOT NULL,
	"sequence" bigint NOT NULL,
	"sealed" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "wallet_ledger_entry_subject_ref_sequence_pk" PRIMARY KEY("subject_ref","sequence")
);
--> statement-breakpoint
CREATE TABLE "wallet_pairwise" (
	"sector_id" text NOT NULL,
	"pairwise_subject" text NOT NULL,
	"subject_ref" text NOT NULL,
	"persona_id" text NOT NULL,
	"epoch" bigint NOT NULL,
	CONSTRAINT "wallet_pairwise_sector_id_pairwise_subject_pk" PRIMARY KEY("sector_id","pairwise_subject")
);
--> statement-breakpoint
CREATE TABLE "wallet_persona" (
	"persona_id" text PRIMARY KEY NOT NULL,
	"subject_ref" text NOT NULL,
	"kind" text NOT NULL,
	"key_id" text NOT NULL,
	"sealed_label" "bytea" NOT NULL,
	"allowance" jsonb NOT NULL,
	"position" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "wallet_release" (
	"release_id" text PRIMARY KEY NOT NULL,
	"request_id" text NOT NULL,
	"subject_ref" text NOT NULL,
	"rp_id" text NOT NULL,
	"sector_id" text NOT NULL,
	"purpose_id" text NOT NULL,
	"persona_id" text,
	"state" text NOT NULL,
	"requested" jsonb NOT NULL,
	"consented" jsonb NOT NULL,
	"levels" jsonb NOT NULL,
	"purpose_digest" "bytea",
	"values_digest" "bytea",
	"consent_digest" "bytea",
	"consent_until" timestamp (3) with time zone,
	"pairwise_subject" text,
	"issued_at" timestamp (3) with time zone,
	"reliable_until" timestamp (3) with time zone,
	"retained_until" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "wallet_release_value" (
	"release_id" text PRIMARY KEY NOT NULL,
	"subject_ref" text NOT NULL,
	"key_id" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"until" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "wallet_relying_party" (
	"rp_id" text PRIMARY KEY NOT NULL,
	"version" bigint NOT NULL,
	"registration" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "wallet_subject" (
	"subject_ref" text PRIMARY KEY NOT NULL,
	"enrolled_at" timestamp (3) with time zone NOT NULL,
	"erased_at" timestamp (3) with time zone,
	"scrubbed_at" timestamp (3) with time zone,
	"ledger_length" bigint NOT NULL,
	"ledger_head" "bytea" NOT NULL,
	"ledger_until" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "wallet_threshold" (
	"persona_id" text NOT NULL,
	"sector_id" text NOT NULL,
	"claim" text NOT NULL,
	"subject_ref" text NOT NULL,
	CONSTRAINT "wallet_threshold_persona_id_sector_id_claim_pk" PRIMARY KEY("persona_id","sector_id","claim")
);
--> statement-breakpoint
CREATE TABLE "wallet_ticket" (
	"ticket_hash" text PRIMARY KEY NOT NULL,
	"release_id" text NOT NULL,
	"subject_ref" text NOT NULL,
	"sector_id" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"redeemed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE INDEX "wallet_deposit_waiting" ON "wallet_deposit" USING btree ("taken_at","deposited_at");--> statement-breakpoint
CREATE INDEX "wallet_key_subject" ON "wallet_key" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "wallet_key_epoch" ON "wallet_key" USING btree ("epoch");--> statement-breakpoint
CREATE INDEX "wallet_key_class" ON "wallet_key" USING btree ("key_class");--> statement-breakpoint
CREATE INDEX "wallet_pairwise_subject" ON "wallet_pairwise" USING btree ("subject_ref","sector_id");--> statement-breakpoint
CREATE INDEX "wallet_persona_subject" ON "wallet_persona" USING btree ("subject_ref");--> statement-breakpoint
CREATE UNIQUE INDEX "wallet_release_request" ON "wallet_release" USING btree ("request_id");--> statement-breakpoint
CREATE INDEX "wallet_release_subject" ON "wallet_release" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "wallet_release_consent_until" ON "wallet_release" USING btree ("state","consent_until");--> statement-breakpoint
CREATE INDEX "wallet_release_retained_until" ON "wallet_release" USING btree ("state","retained_until");--> statement-breakpoint
CREATE INDEX "wallet_release_value_until" ON "wallet_release_value" USING btree ("until");--> statement-breakpoint
CREATE INDEX "wallet_release_value_subject" ON "wallet_release_value" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "wallet_subject_erased" ON "wallet_subject" USING btree ("erased_at");--> statement-breakpoint
CREATE INDEX "wallet_threshold_subject" ON "wallet_threshold" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "wallet_ticket_expires" ON "wallet_ticket" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "wallet_ticket_subject" ON "wallet_ticket" USING btree ("subject_ref");