CREATE TABLE "policy_activation" (
	"pack" text PRIMARY KEY NOT NULL,
	"version" text NOT NULL,
	"digest" text NOT NULL,
	"activated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "policy_decision" (
	"id" text PRIMARY KEY NOT NULL,
	"subject_ref" text NOT NULL,
	"framework" text NOT NULL,
	"axis" text NOT NULL,
	"level" text NOT NULL,
	"fired_rules" jsonb NOT NULL,
	"valid_until" timestamp (3) with time zone,
	"policy_digest" text NOT NULL,
	"facts_digest" text NOT NULL,
	"cause_event_id" text NOT NULL,
	"decided_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "policy_fact" (
	"subject_ref" text NOT NULL,
	"digest" text NOT NULL,
	"fact" jsonb NOT NULL,
	CONSTRAINT "policy_fact_subject_ref_digest_pk" PRIMARY KEY("subject_ref","digest")
);
--> statement-breakpoint
CREATE TABLE "policy_level" (
	"subject_ref" text NOT NULL,
	"framework" text NOT NULL,
	"axis" text NOT NULL,
	"level" text NOT NULL,
	"missing" jsonb NOT NULL,
	"valid_until" timestamp (3) with time zone,
	"due_at" timestamp (3) with time zone,
	"policy_digest" text NOT NULL,
	"facts_digest" text NOT NULL,
	"decided_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "policy_level_subject_ref_framework_axis_pk" PRIMARY KEY("subject_ref","framework","axis")
);
--> statement-breakpoint
CREATE TABLE "policy_person" (
	"subject_ref" text PRIMARY KEY NOT NULL,
	"facts_version" bigint NOT NULL,
	"erased" boolean NOT NULL
);
--> statement-breakpoint
CREATE INDEX "policy_decision_subject_ref" ON "policy_decision" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "policy_level_due_at" ON "policy_level" USING btree ("due_at");