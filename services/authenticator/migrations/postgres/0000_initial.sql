CREATE TABLE "authenticator_authenticator" (
	"id" text PRIMARY KEY NOT NULL,
	"subject_ref" text,
	"expected_subject_ref" text,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"credential_id" text NOT NULL,
	"public_key" "bytea" NOT NULL,
	"algorithm" bigint NOT NULL,
	"rp_id" text NOT NULL,
	"user_handle" text NOT NULL,
	"counter" bigint NOT NULL,
	"backup_eligible" boolean NOT NULL,
	"backed_up" boolean NOT NULL,
	"attestation" text NOT NULL,
	"claimed_aaguid" text NOT NULL,
	"transports" jsonb NOT NULL,
	"binding_hash" text NOT NULL,
	"bound_by_proofing_id" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"pending_until" timestamp (3) with time zone NOT NULL,
	"bound_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "authenticator_ceremony" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"challenge" text NOT NULL,
	"holder" text NOT NULL,
	"user_handle" text,
	"session_id" text,
	"subject_ref" text,
	"authenticator_id" text,
	"proofing_session_id" text,
	"ticket_hash" text,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"consumed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "authenticator_session_use" (
	"session_id" text NOT NULL,
	"rp_id" text NOT NULL,
	"used_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "authenticator_session_use_session_id_rp_id_pk" PRIMARY KEY("session_id","rp_id")
);
--> statement-breakpoint
CREATE TABLE "authenticator_session" (
	"id" text PRIMARY KEY NOT NULL,
	"token_hash" text NOT NULL,
	"subject_ref" text NOT NULL,
	"method" text NOT NULL,
	"authenticator_id" text NOT NULL,
	"auth" jsonb NOT NULL,
	"bound_by_proofing_id" text,
	"authenticated_at" timestamp (3) with time zone NOT NULL,
	"last_active_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX "authenticator_authenticator_credential" ON "authenticator_authenticator" USING btree ("credential_id");--> statement-breakpoint
CREATE UNIQUE INDEX "authenticator_authenticator_binding" ON "authenticator_authenticator" USING btree ("binding_hash");--> statement-breakpoint
CREATE INDEX "authenticator_authenticator_subject" ON "authenticator_authenticator" USING btree ("subject_ref");--> statement-breakpoint
CREATE UNIQUE INDEX "authenticator_ceremony_challenge" ON "authenticator_ceremony" USING btree ("challenge");--> statement-breakpoint
CREATE INDEX "authenticator_ceremony_ticket" ON "authenticator_ceremony" USING btree ("ticket_hash");--> statement-breakpoint
CREATE INDEX "authenticator_ceremony_expiry" ON "authenticator_ceremony" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "authenticator_ceremony_subject" ON "authenticator_ceremony" USING btree ("subject_ref");--> statement-breakpoint
CREATE UNIQUE INDEX "authenticator_session_token" ON "authenticator_session" USING btree ("token_hash");--> statement-breakpoint
CREATE INDEX "authenticator_session_subject" ON "authenticator_session" USING btree ("subject_ref");--> statement-breakpoint
CREATE INDEX "authenticator_session_authenticator" ON "authenticator_session" USING btree ("authenticator_id");--> statement-breakpoint
CREATE INDEX "authenticator_session_expiry" ON "authenticator_session" USING btree ("expires_at");