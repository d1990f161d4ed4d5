CREATE TABLE "federation_feed" (
	"rp_id" text NOT NULL,
	"place" bigint NOT NULL,
	"kind" text NOT NULL,
	"pairwise_subject" text NOT NULL,
	"framework" text NOT NULL,
	"axis" text NOT NULL,
	"level" text NOT NULL,
	"previous_level" text NOT NULL,
	"lowered" boolean NOT NULL,
	"valid_until" timestamp (3) with time zone,
	CONSTRAINT "federation_feed_rp_id_place_pk" PRIMARY KEY("rp_id","place")
);
--> statement-breakpoint
CREATE TABLE "federation_feed_head" (
	"rp_id" text PRIMARY KEY NOT NULL,
	"last" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "federation_interaction" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"rp_id" text NOT NULL,
	"return_uri" text NOT NULL,
	"ui_locale" text NOT NULL,
	"minimum" jsonb NOT NULL,
	"purpose_id" text,
	"claims" jsonb NOT NULL,
	"status" text NOT NULL,
	"progress" text NOT NULL,
	"version" bigint NOT NULL,
	"browser_hash" "bytea",
	"subject_ref" text,
	"persona_id" text,
	"consent" jsonb,
	"result" jsonb,
	"code_sha256" "bytea",
	"failure" text,
	"shortfalls" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "federation_key" (
	"name" text PRIMARY KEY NOT NULL,
	"value" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "federation_known_subject" (
	"rp_id" text NOT NULL,
	"pairwise_subject" text NOT NULL,
	"subject_ref" text NOT NULL,
	CONSTRAINT "federation_known_subject_rp_id_pairwise_subject_pk" PRIMARY KEY("rp_id","pairwise_subject")
);
--> statement-breakpoint
CREATE TABLE "federation_relying_party" (
	"rp_id" text PRIMARY KEY NOT NULL,
	"registration" jsonb NOT NULL,
	"digest" "bytea" NOT NULL,
	"version" bigint NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "federation_used_assertion" (
	"rp_id" text NOT NULL,
	"jti_digest" text NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "federation_used_assertion_rp_id_jti_digest_pk" PRIMARY KEY("rp_id","jti_digest")
);
--> statement-breakpoint
CREATE INDEX "federation_feed_subject" ON "federation_feed" USING btree ("rp_id","pairwise_subject");--> statement-breakpoint
CREATE INDEX "federation_interaction_status" ON "federation_interaction" USING btree ("status","expires_at");--> statement-breakpoint
CREATE INDEX "federation_interaction_subject" ON "federation_interaction" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "federation_known_subject_ref" ON "federation_known_subject" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "federation_used_assertion_until" ON "federation_used_assertion" USING btree ("until");