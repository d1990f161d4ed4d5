CREATE TABLE "policy_author" (
	"subject_ref" text PRIMARY KEY NOT NULL,
	"code" text NOT NULL,
	"granted" boolean NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "policy_content" (
	"digest" text PRIMARY KEY NOT NULL,
	"documents" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "policy_in_force" (
	"policy_digest" text PRIMARY KEY NOT NULL,
	"pack" text NOT NULL,
	"content_digest" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "policy_proposal" (
	"id" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"author" text NOT NULL,
	"note" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"rolled_back_to" bigint,
	"base_policy_digest" text NOT NULL,
	"base_content_digest" text NOT NULL,
	"content_digest" text NOT NULL,
	"report" jsonb NOT NULL,
	"decided_by" text
);
--> statement-breakpoint
CREATE TABLE "policy_release" (
	"digest" text PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"previous" text,
	"pack" text NOT NULL,
	"policy_digest" text NOT NULL,
	"content_digest" text NOT NULL,
	"versions" jsonb NOT NULL,
	"author" text NOT NULL,
	"approver" text NOT NULL,
	"note" text NOT NULL,
	"rolled_back_to" bigint,
	"published_at" timestamp (3) with time zone NOT NULL,
	"kid" text NOT NULL,
	"signature" "bytea" NOT NULL
);
--> statement-breakpoint
ALTER TABLE "policy_fact" ADD COLUMN "recorded_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "policy_author_code" ON "policy_author" USING btree ("code");--> statement-breakpoint
CREATE UNIQUE INDEX "policy_release_sequence" ON "policy_release" USING btree ("sequence");