-- +goose Up
-- create "api_keys" table
CREATE TABLE "api_keys" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "name" character varying NOT NULL, "token_hash" bytea NOT NULL, "hint" character varying NOT NULL, "scopes" jsonb NOT NULL, "expires_at" timestamptz NULL, "last_used_at" timestamptz NULL, "revoked_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "apikey_tenant_id_token_hash" to table: "api_keys"
CREATE UNIQUE INDEX "apikey_tenant_id_token_hash" ON "api_keys" ("tenant_id", "token_hash");
-- create index "apikey_tenant_id_user_id" to table: "api_keys"
CREATE INDEX "apikey_tenant_id_user_id" ON "api_keys" ("tenant_id", "user_id");
-- create "answers" table
CREATE TABLE "answers" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "attempt_id" uuid NOT NULL, "learner_id" uuid NOT NULL, "question_id" uuid NOT NULL, "response" jsonb NOT NULL, "score" double precision NOT NULL DEFAULT 0, "correct" boolean NOT NULL DEFAULT false, PRIMARY KEY ("id"));
-- create index "answer_tenant_id_attempt_id_question_id" to table: "answers"
CREATE UNIQUE INDEX "answer_tenant_id_attempt_id_question_id" ON "answers" ("tenant_id", "attempt_id", "question_id");
-- create "assets" table
CREATE TABLE "assets" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "kind" character varying NOT NULL, "file_name" character varying NOT NULL, "content_type" character varying NOT NULL, "size" bigint NOT NULL, "sha256" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "failure" character varying NOT NULL DEFAULT '', "blob_key" character varying NOT NULL, "expires_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "asset_tenant_id_sha256" to table: "assets"
CREATE INDEX "asset_tenant_id_sha256" ON "assets" ("tenant_id", "sha256");
-- create index "asset_tenant_id_status_expires_at" to table: "assets"
CREATE INDEX "asset_tenant_id_status_expires_at" ON "assets" ("tenant_id", "status", "expires_at");
-- create "attempts" table
CREATE TABLE "attempts" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "enrollment_id" uuid NOT NULL, "learner_id" uuid NOT NULL, "lesson_id" uuid NOT NULL, "version_id" uuid NOT NULL, "number" bigint NOT NULL, "state" character varying NOT NULL DEFAULT 'IN_PROGRESS', "picks" jsonb NOT NULL, "pass_mark" bigint NOT NULL, "started_at" timestamptz NOT NULL, "deadline_at" timestamptz NULL, "submitted_at" timestamptz NULL, "score" double precision NOT NULL DEFAULT 0, "max_score" double precision NOT NULL, "passed" boolean NOT NULL DEFAULT false, PRIMARY KEY ("id"));
-- create index "attempt_tenant_id_enrollment_id_lesson_id_number" to table: "attempts"
CREATE UNIQUE INDEX "attempt_tenant_id_enrollment_id_lesson_id_number" ON "attempts" ("tenant_id", "enrollment_id", "lesson_id", "number");
-- create index "attempt_tenant_id_learner_id" to table: "attempts"
CREATE INDEX "attempt_tenant_id_learner_id" ON "attempts" ("tenant_id", "learner_id");
-- create index "attempt_tenant_id_state_deadline_at" to table: "attempts"
CREATE INDEX "attempt_tenant_id_state_deadline_at" ON "attempts" ("tenant_id", "state", "deadline_at");
-- create "audit_entries" table
CREATE TABLE "audit_entries" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "seq" bigint NOT NULL, "at" timestamptz NOT NULL, "actor" character varying NOT NULL, "role" character varying NOT NULL, "action" character varying NOT NULL, "subject" character varying NOT NULL, "data" jsonb NOT NULL, "request_id" character varying NOT NULL DEFAULT '', "previous" bytea NOT NULL, "hash" bytea NOT NULL, PRIMARY KEY ("id"));
-- create index "auditentry_tenant_id_seq" to table: "audit_entries"
CREATE UNIQUE INDEX "auditentry_tenant_id_seq" ON "audit_entries" ("tenant_id", "seq");
-- create index "auditentry_tenant_id_subject_seq" to table: "audit_entries"
CREATE INDEX "auditentry_tenant_id_subject_seq" ON "audit_entries" ("tenant_id", "subject", "seq");
-- create "audit_heads" table
CREATE TABLE "audit_heads" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "seq" bigint NOT NULL DEFAULT 0, "hash" bytea NOT NULL, "last_entry_id" uuid NULL, PRIMARY KEY ("id"));
-- create index "audithead_tenant_id" to table: "audit_heads"
CREATE UNIQUE INDEX "audithead_tenant_id" ON "audit_heads" ("tenant_id");
-- create "categories" table
CREATE TABLE "categories" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "slug" character varying NOT NULL, "name" character varying NOT NULL, "position" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create index "category_tenant_id_slug" to table: "categories"
CREATE UNIQUE INDEX "category_tenant_id_slug" ON "categories" ("tenant_id", "slug");
-- create "certificates" table
CREATE TABLE "certificates" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "enrollment_id" uuid NOT NULL, "learner_id" uuid NOT NULL, "course_id" uuid NOT NULL, "version_id" uuid NOT NULL, "code" character varying NOT NULL, "learner_name" character varying NOT NULL, "course_title" character varying NOT NULL, "tenant_name" character varying NOT NULL, "signatory" character varying NOT NULL DEFAULT '', "locale" character varying NOT NULL, "completed_at" timestamptz NOT NULL, "issued_at" timestamptz NOT NULL, "pdf_key" character varying NOT NULL DEFAULT '', "pdf_sha256" character varying NOT NULL DEFAULT '', "revoked_at" timestamptz NULL, "revoked_by" uuid NULL, "revocation_reason" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- create index "certificate_tenant_id_enrollment_id" to table: "certificates"
CREATE UNIQUE INDEX "certificate_tenant_id_enrollment_id" ON "certificates" ("tenant_id", "enrollment_id");
-- create index "certificate_tenant_id_code" to table: "certificates"
CREATE UNIQUE INDEX "certificate_tenant_id_code" ON "certificates" ("tenant_id", "code");
-- create index "certificate_tenant_id_learner_id" to table: "certificates"
CREATE INDEX "certificate_tenant_id_learner_id" ON "certificates" ("tenant_id", "learner_id");
-- create "courses" table
CREATE TABLE "courses" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "slug" character varying NOT NULL, "title" character varying NOT NULL, "summary" character varying NOT NULL DEFAULT '', "language" character varying NOT NULL DEFAULT 'en', "level" character varying NOT NULL DEFAULT 'ALL', "categories" jsonb NOT NULL, "tags" jsonb NOT NULL, "visibility" character varying NOT NULL DEFAULT 'PUBLIC', "price_amount" bigint NOT NULL DEFAULT 0, "price_currency" character varying NOT NULL DEFAULT '', "instructor_id" uuid NOT NULL, "description" text NOT NULL DEFAULT '', "certificate" boolean NOT NULL DEFAULT true, "revision" bigint NOT NULL DEFAULT 1, "published_number" bigint NOT NULL DEFAULT 0, "published_revision" bigint NOT NULL DEFAULT 0, "archived_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "course_tenant_id_slug" to table: "courses"
CREATE UNIQUE INDEX "course_tenant_id_slug" ON "courses" ("tenant_id", "slug");
-- create index "course_tenant_id_title_id" to table: "courses"
CREATE INDEX "course_tenant_id_title_id" ON "courses" ("tenant_id", "title", "id");
-- create "course_progresses" table
CREATE TABLE "course_progresses" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "enrollment_id" uuid NOT NULL, "learner_id" uuid NOT NULL, "course_id" uuid NOT NULL, "completed_lessons" bigint NOT NULL DEFAULT 0, "completed_required" bigint NOT NULL DEFAULT 0, "required_lessons" bigint NOT NULL, "last_lesson_id" uuid NULL, "last_activity_at" timestamptz NOT NULL, "completed_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "courseprogress_tenant_id_enrollment_id" to table: "course_progresses"
CREATE UNIQUE INDEX "courseprogress_tenant_id_enrollment_id" ON "course_progresses" ("tenant_id", "enrollment_id");
-- create "course_versions" table
CREATE TABLE "course_versions" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "slug" character varying NOT NULL, "title" character varying NOT NULL, "summary" character varying NOT NULL DEFAULT '', "language" character varying NOT NULL DEFAULT 'en', "level" character varying NOT NULL DEFAULT 'ALL', "categories" jsonb NOT NULL, "tags" jsonb NOT NULL, "visibility" character varying NOT NULL DEFAULT 'PUBLIC', "price_amount" bigint NOT NULL DEFAULT 0, "price_currency" character varying NOT NULL DEFAULT '', "instructor_id" uuid NOT NULL, "course_id" uuid NOT NULL, "number" bigint NOT NULL, "content_hash" character varying NOT NULL, "outline" jsonb NOT NULL, "description_html" text NOT NULL DEFAULT '', "certificate" boolean NOT NULL DEFAULT true, "lesson_count" bigint NOT NULL, "required_count" bigint NOT NULL, "duration_ms" bigint NOT NULL, "published_by" uuid NOT NULL, "note" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- create index "courseversion_tenant_id_course_id_number" to table: "course_versions"
CREATE UNIQUE INDEX "courseversion_tenant_id_course_id_number" ON "course_versions" ("tenant_id", "course_id", "number");
-- create "domains" table
CREATE TABLE "domains" ("id" uuid NOT NULL, "host" character varying NOT NULL, "tenant_id" uuid NOT NULL, PRIMARY KEY ("id"));
-- create index "domains_host_key" to table: "domains"
CREATE UNIQUE INDEX "domains_host_key" ON "domains" ("host");
-- create "enrollments" table
CREATE TABLE "enrollments" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "learner_id" uuid NOT NULL, "course_id" uuid NOT NULL, "version_id" uuid NOT NULL, "state" character varying NOT NULL DEFAULT 'ACTIVE', "source" character varying NOT NULL, "enrolled_by" uuid NOT NULL, "enrolled_at" timestamptz NOT NULL, "due_at" timestamptz NULL, "completed_at" timestamptz NULL, "withdrawn_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "enrollment_tenant_id_course_id_learner_id" to table: "enrollments"
CREATE UNIQUE INDEX "enrollment_tenant_id_course_id_learner_id" ON "enrollments" ("tenant_id", "course_id", "learner_id");
-- create index "enrollment_tenant_id_learner_id_enrolled_at_id" to table: "enrollments"
CREATE INDEX "enrollment_tenant_id_learner_id_enrolled_at_id" ON "enrollments" ("tenant_id", "learner_id", "enrolled_at", "id");
-- create index "enrollment_tenant_id_course_id_enrolled_at_id" to table: "enrollments"
CREATE INDEX "enrollment_tenant_id_course_id_enrolled_at_id" ON "enrollments" ("tenant_id", "course_id", "enrolled_at", "id");
-- create "inboxes" table
CREATE TABLE "inboxes" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "last_seq" bigint NOT NULL DEFAULT 0, "unread" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create index "inbox_tenant_id_user_id" to table: "inboxes"
CREATE UNIQUE INDEX "inbox_tenant_id_user_id" ON "inboxes" ("tenant_id", "user_id");
-- create "lessons" table
CREATE TABLE "lessons" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "course_id" uuid NOT NULL, "module_id" uuid NOT NULL, "key" character varying NOT NULL, "title" character varying NOT NULL, "section" character varying NOT NULL DEFAULT '', "kind" character varying NOT NULL, "position" bigint NOT NULL, "required" boolean NOT NULL DEFAULT true, "preview" boolean NOT NULL DEFAULT false, "body" text NOT NULL DEFAULT '', "body_format" character varying NOT NULL DEFAULT 'MARKDOWN', "asset_id" uuid NULL, "url" character varying NOT NULL DEFAULT '', "duration_ms" bigint NOT NULL DEFAULT 0, "captions" jsonb NOT NULL, "quiz" jsonb NULL, "assets" jsonb NOT NULL, PRIMARY KEY ("id"));
-- create index "lesson_tenant_id_course_id_key" to table: "lessons"
CREATE UNIQUE INDEX "lesson_tenant_id_course_id_key" ON "lessons" ("tenant_id", "course_id", "key");
-- create index "lesson_tenant_id_module_id_position" to table: "lessons"
CREATE INDEX "lesson_tenant_id_module_id_position" ON "lessons" ("tenant_id", "module_id", "position");
-- create "lesson_progresses" table
CREATE TABLE "lesson_progresses" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "enrollment_id" uuid NOT NULL, "learner_id" uuid NOT NULL, "lesson_id" uuid NOT NULL, "watched" int4multirange NOT NULL, "watched_ms" bigint NOT NULL DEFAULT 0, "position_ms" bigint NOT NULL DEFAULT 0, "completed_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "lessonprogress_tenant_id_enrollment_id_lesson_id" to table: "lesson_progresses"
CREATE UNIQUE INDEX "lessonprogress_tenant_id_enrollment_id_lesson_id" ON "lesson_progresses" ("tenant_id", "enrollment_id", "lesson_id");
-- create "lesson_versions" table
CREATE TABLE "lesson_versions" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version_id" uuid NOT NULL, "course_id" uuid NOT NULL, "lesson_id" uuid NOT NULL, "title" character varying NOT NULL, "kind" character varying NOT NULL, "preview" boolean NOT NULL, "body_html" text NOT NULL DEFAULT '', "body_text" text NOT NULL DEFAULT '', "asset_id" uuid NULL, "url" character varying NOT NULL DEFAULT '', "captions" jsonb NOT NULL, "assets" jsonb NOT NULL, PRIMARY KEY ("id"));
-- create index "lessonversion_tenant_id_version_id_lesson_id" to table: "lesson_versions"
CREATE UNIQUE INDEX "lessonversion_tenant_id_version_id_lesson_id" ON "lesson_versions" ("tenant_id", "version_id", "lesson_id");
-- create "modules" table
CREATE TABLE "modules" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "course_id" uuid NOT NULL, "key" character varying NOT NULL, "title" character varying NOT NULL, "summary" character varying NOT NULL DEFAULT '', "position" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "module_tenant_id_course_id_key" to table: "modules"
CREATE UNIQUE INDEX "module_tenant_id_course_id_key" ON "modules" ("tenant_id", "course_id", "key");
-- create "notifications" table
CREATE TABLE "notifications" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "seq" bigint NOT NULL, "kind" character varying NOT NULL, "title" character varying NOT NULL, "body" character varying NOT NULL DEFAULT '', "link" character varying NOT NULL DEFAULT '', "subject_id" uuid NOT NULL, "read_at" timestamptz NULL, "sent_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "notification_tenant_id_user_id_seq" to table: "notifications"
CREATE UNIQUE INDEX "notification_tenant_id_user_id_seq" ON "notifications" ("tenant_id", "user_id", "seq");
-- create index "notification_tenant_id_user_id_kind_subject_id" to table: "notifications"
CREATE UNIQUE INDEX "notification_tenant_id_user_id_kind_subject_id" ON "notifications" ("tenant_id", "user_id", "kind", "subject_id");
-- create "placements" table
CREATE TABLE "placements" ("id" uuid NOT NULL, "slug" character varying NOT NULL, "database" character varying NOT NULL DEFAULT 'default', "status" character varying NOT NULL DEFAULT 'ACTIVE', "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "placements_slug_key" to table: "placements"
CREATE UNIQUE INDEX "placements_slug_key" ON "placements" ("slug");
-- create "prerequisites" table
CREATE TABLE "prerequisites" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "course_id" uuid NOT NULL, "requires_id" uuid NOT NULL, PRIMARY KEY ("id"));
-- create index "prerequisite_tenant_id_course_id_requires_id" to table: "prerequisites"
CREATE UNIQUE INDEX "prerequisite_tenant_id_course_id_requires_id" ON "prerequisites" ("tenant_id", "course_id", "requires_id");
-- create "publications" table
CREATE TABLE "publications" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "slug" character varying NOT NULL, "title" character varying NOT NULL, "summary" character varying NOT NULL DEFAULT '', "language" character varying NOT NULL DEFAULT 'en', "level" character varying NOT NULL DEFAULT 'ALL', "categories" jsonb NOT NULL, "tags" jsonb NOT NULL, "visibility" character varying NOT NULL DEFAULT 'PUBLIC', "price_amount" bigint NOT NULL DEFAULT 0, "price_currency" character varying NOT NULL DEFAULT '', "instructor_id" uuid NOT NULL, "course_id" uuid NOT NULL, "version_id" uuid NOT NULL, "number" bigint NOT NULL, "first_published_at" timestamptz NOT NULL, "published_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "publication_tenant_id_course_id" to table: "publications"
CREATE UNIQUE INDEX "publication_tenant_id_course_id" ON "publications" ("tenant_id", "course_id");
-- create index "publication_tenant_id_slug" to table: "publications"
CREATE UNIQUE INDEX "publication_tenant_id_slug" ON "publications" ("tenant_id", "slug");
-- create index "publication_tenant_id_published_at_id" to table: "publications"
CREATE INDEX "publication_tenant_id_published_at_id" ON "publications" ("tenant_id", "published_at", "id");
-- create index "publication_tenant_id_title_id" to table: "publications"
CREATE INDEX "publication_tenant_id_title_id" ON "publications" ("tenant_id", "title", "id");
-- create "questions" table
CREATE TABLE "questions" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "lesson_id" uuid NOT NULL, "key" character varying NOT NULL, "kind" character varying NOT NULL, "prompt" text NOT NULL, "format" character varying NOT NULL DEFAULT 'MARKDOWN', "choices" jsonb NOT NULL, "numeric" jsonb NULL, "text" jsonb NULL, "points" bigint NOT NULL DEFAULT 1, "explanation" text NOT NULL DEFAULT '', "hints" jsonb NOT NULL, "position" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "question_tenant_id_lesson_id_key" to table: "questions"
CREATE UNIQUE INDEX "question_tenant_id_lesson_id_key" ON "questions" ("tenant_id", "lesson_id", "key");
-- create "question_versions" table
CREATE TABLE "question_versions" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "question_id" uuid NOT NULL, "lesson_id" uuid NOT NULL, "content_hash" character varying NOT NULL, "kind" character varying NOT NULL, "prompt_html" text NOT NULL, "choices" jsonb NOT NULL, "answer_key" jsonb NOT NULL, "points" bigint NOT NULL, "explanation_html" text NOT NULL DEFAULT '', "hints" jsonb NOT NULL, PRIMARY KEY ("id"));
-- create index "questionversion_tenant_id_question_id_content_hash" to table: "question_versions"
CREATE UNIQUE INDEX "questionversion_tenant_id_question_id_content_hash" ON "question_versions" ("tenant_id", "question_id", "content_hash");
-- create index "questionversion_tenant_id_lesson_id" to table: "question_versions"
CREATE INDEX "questionversion_tenant_id_lesson_id" ON "question_versions" ("tenant_id", "lesson_id");
-- create "sessions" table
CREATE TABLE "sessions" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "token_hash" bytea NOT NULL, "expires_at" timestamptz NOT NULL, "last_seen_at" timestamptz NOT NULL, "revoked_at" timestamptz NULL, "user_agent" character varying NULL, PRIMARY KEY ("id"));
-- create index "session_tenant_id_token_hash" to table: "sessions"
CREATE UNIQUE INDEX "session_tenant_id_token_hash" ON "sessions" ("tenant_id", "token_hash");
-- create index "session_tenant_id_user_id" to table: "sessions"
CREATE INDEX "session_tenant_id_user_id" ON "sessions" ("tenant_id", "user_id");
-- create "staffs" table
CREATE TABLE "staffs" ("id" uuid NOT NULL, "email" character varying NOT NULL, "name" character varying NOT NULL, "role" character varying NOT NULL DEFAULT 'SUPER_ADMIN', "password_hash" character varying NOT NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "staffs_email_key" to table: "staffs"
CREATE UNIQUE INDEX "staffs_email_key" ON "staffs" ("email");
-- create "staff_sessions" table
CREATE TABLE "staff_sessions" ("id" uuid NOT NULL, "staff_id" uuid NOT NULL, "token_hash" bytea NOT NULL, "created_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL, "revoked_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "staff_sessions_token_hash_key" to table: "staff_sessions"
CREATE UNIQUE INDEX "staff_sessions_token_hash_key" ON "staff_sessions" ("token_hash");
-- create "tenants" table
CREATE TABLE "tenants" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "slug" character varying NOT NULL, "name" character varying NOT NULL, "kind" character varying NOT NULL DEFAULT 'COMPANY', "locale" character varying NOT NULL DEFAULT 'en', "branding" jsonb NOT NULL, PRIMARY KEY ("id"));
-- create "users" table
CREATE TABLE "users" ("id" uuid NOT NULL, "tenant_id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "email" character varying NOT NULL, "name" character varying NOT NULL, "role" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'ACTIVE', "password_hash" character varying NULL, "locale" character varying NULL, "time_zone" character varying NOT NULL DEFAULT 'UTC', PRIMARY KEY ("id"));
-- create index "user_tenant_id_email" to table: "users"
CREATE UNIQUE INDEX "user_tenant_id_email" ON "users" ("tenant_id", "email");

-- +goose Down
-- reverse: create index "user_tenant_id_email" to table: "users"
DROP INDEX "user_tenant_id_email";
-- reverse: create "users" table
DROP TABLE "users";
-- reverse: create "tenants" table
DROP TABLE "tenants";
-- reverse: create index "staff_sessions_token_hash_key" to table: "staff_sessions"
DROP INDEX "staff_sessions_token_hash_key";
-- reverse: create "staff_sessions" table
DROP TABLE "staff_sessions";
-- reverse: create index "staffs_email_key" to table: "staffs"
DROP INDEX "staffs_email_key";
-- reverse: create "staffs" table
DROP TABLE "staffs";
-- reverse: create index "session_tenant_id_user_id" to table: "sessions"
DROP INDEX "session_tenant_id_user_id";
-- reverse: create index "session_tenant_id_token_hash" to table: "sessions"
DROP INDEX "session_tenant_id_token_hash";
-- reverse: create "sessions" table
DROP TABLE "sessions";
-- reverse: create index "questionversion_tenant_id_lesson_id" to table: "question_versions"
DROP INDEX "questionversion_tenant_id_lesson_id";
-- reverse: create index "questionversion_tenant_id_question_id_content_hash" to table: "question_versions"
DROP INDEX "questionversion_tenant_id_question_id_content_hash";
-- reverse: create "question_versions" table
DROP TABLE "question_versions";
-- reverse: create index "question_tenant_id_lesson_id_key" to table: "questions"
DROP INDEX "question_tenant_id_lesson_id_key";
-- reverse: create "questions" table
DROP TABLE "questions";
-- reverse: create index "publication_tenant_id_title_id" to table: "publications"
DROP INDEX "publication_tenant_id_title_id";
-- reverse: create index "publication_tenant_id_published_at_id" to table: "publications"
DROP INDEX "publication_tenant_id_published_at_id";
-- reverse: create index "publication_tenant_id_slug" to table: "publications"
DROP INDEX "publication_tenant_id_slug";
-- reverse: create index "publication_tenant_id_course_id" to table: "publications"
DROP INDEX "publication_tenant_id_course_id";
-- reverse: create "publications" table
DROP TABLE "publications";
-- reverse: create index "prerequisite_tenant_id_course_id_requires_id" to table: "prerequisites"
DROP INDEX "prerequisite_tenant_id_course_id_requires_id";
-- reverse: create "prerequisites" table
DROP TABLE "prerequisites";
-- reverse: create index "placements_slug_key" to table: "placements"
DROP INDEX "placements_slug_key";
-- reverse: create "placements" table
DROP TABLE "placements";
-- reverse: create index "notification_tenant_id_user_id_kind_subject_id" to table: "notifications"
DROP INDEX "notification_tenant_id_user_id_kind_subject_id";
-- reverse: create index "notification_tenant_id_user_id_seq" to table: "notifications"
DROP INDEX "notification_tenant_id_user_id_seq";
-- reverse: create "notifications" table
DROP TABLE "notifications";
-- reverse: create index "module_tenant_id_course_id_key" to table: "modules"
DROP INDEX "module_tenant_id_course_id_key";
-- reverse: create "modules" table
DROP TABLE "modules";
-- reverse: create index "lessonversion_tenant_id_version_id_lesson_id" to table: "lesson_versions"
DROP INDEX "lessonversion_tenant_id_version_id_lesson_id";
-- reverse: create "lesson_versions" table
DROP TABLE "lesson_versions";
-- reverse: create index "lessonprogress_tenant_id_enrollment_id_lesson_id" to table: "lesson_progresses"
DROP INDEX "lessonprogress_tenant_id_enrollment_id_lesson_id";
-- reverse: create "lesson_progresses" table
DROP TABLE "lesson_progresses";
-- reverse: create index "lesson_tenant_id_module_id_position" to table: "lessons"
DROP INDEX "lesson_tenant_id_module_id_position";
-- reverse: create index "lesson_tenant_id_course_id_key" to table: "lessons"
DROP INDEX "lesson_tenant_id_course_id_key";
-- reverse: create "lessons" table
DROP TABLE "lessons";
-- reverse: create index "inbox_tenant_id_user_id" to table: "inboxes"
DROP INDEX "inbox_tenant_id_user_id";
-- reverse: create "inboxes" table
DROP TABLE "inboxes";
-- reverse: create index "enrollment_tenant_id_course_id_enrolled_at_id" to table: "enrollments"
DROP INDEX "enrollment_tenant_id_course_id_enrolled_at_id";
-- reverse: create index "enrollment_tenant_id_learner_id_enrolled_at_id" to table: "enrollments"
DROP INDEX "enrollment_tenant_id_learner_id_enrolled_at_id";
-- reverse: create index "enrollment_tenant_id_course_id_learner_id" to table: "enrollments"
DROP INDEX "enrollment_tenant_id_course_id_learner_id";
-- reverse: create "enrollments" table
DROP TABLE "enrollments";
-- reverse: create index "domains_host_key" to table: "domains"
DROP INDEX "domains_host_key";
-- reverse: create "domains" table
DROP TABLE "domains";
-- reverse: create index "courseversion_tenant_id_course_id_number" to table: "course_versions"
DROP INDEX "courseversion_tenant_id_course_id_number";
-- reverse: create "course_versions" table
DROP TABLE "course_versions";
-- reverse: create index "courseprogress_tenant_id_enrollment_id" to table: "course_progresses"
DROP INDEX "courseprogress_tenant_id_enrollment_id";
-- reverse: create "course_progresses" table
DROP TABLE "course_progresses";
-- reverse: create index "course_tenant_id_title_id" to table: "courses"
DROP INDEX "course_tenant_id_title_id";
-- reverse: create index "course_tenant_id_slug" to table: "courses"
DROP INDEX "course_tenant_id_slug";
-- reverse: create "courses" table
DROP TABLE "courses";
-- reverse: create index "certificate_tenant_id_learner_id" to table: "certificates"
DROP INDEX "certificate_tenant_id_learner_id";
-- reverse: create index "certificate_tenant_id_code" to table: "certificates"
DROP INDEX "certificate_tenant_id_code";
-- reverse: create index "certificate_tenant_id_enrollment_id" to table: "certificates"
DROP INDEX "certificate_tenant_id_enrollment_id";
-- reverse: create "certificates" table
DROP TABLE "certificates";
-- reverse: create index "category_tenant_id_slug" to table: "categories"
DROP INDEX "category_tenant_id_slug";
-- reverse: create "categories" table
DROP TABLE "categories";
-- reverse: create index "audithead_tenant_id" to table: "audit_heads"
DROP INDEX "audithead_tenant_id";
-- reverse: create "audit_heads" table
DROP TABLE "audit_heads";
-- reverse: create index "auditentry_tenant_id_subject_seq" to table: "audit_entries"
DROP INDEX "auditentry_tenant_id_subject_seq";
-- reverse: create index "auditentry_tenant_id_seq" to table: "audit_entries"
DROP INDEX "auditentry_tenant_id_seq";
-- reverse: create "audit_entries" table
DROP TABLE "audit_entries";
-- reverse: create index "attempt_tenant_id_state_deadline_at" to table: "attempts"
DROP INDEX "attempt_tenant_id_state_deadline_at";
-- reverse: create index "attempt_tenant_id_learner_id" to table: "attempts"
DROP INDEX "attempt_tenant_id_learner_id";
-- reverse: create index "attempt_tenant_id_enrollment_id_lesson_id_number" to table: "attempts"
DROP INDEX "attempt_tenant_id_enrollment_id_lesson_id_number";
-- reverse: create "attempts" table
DROP TABLE "attempts";
-- reverse: create index "asset_tenant_id_status_expires_at" to table: "assets"
DROP INDEX "asset_tenant_id_status_expires_at";
-- reverse: create index "asset_tenant_id_sha256" to table: "assets"
DROP INDEX "asset_tenant_id_sha256";
-- reverse: create "assets" table
DROP TABLE "assets";
-- reverse: create index "answer_tenant_id_attempt_id_question_id" to table: "answers"
DROP INDEX "answer_tenant_id_attempt_id_question_id";
-- reverse: create "answers" table
DROP TABLE "answers";
-- reverse: create index "apikey_tenant_id_user_id" to table: "api_keys"
DROP INDEX "apikey_tenant_id_user_id";
-- reverse: create index "apikey_tenant_id_token_hash" to table: "api_keys"
DROP INDEX "apikey_tenant_id_token_hash";
-- reverse: create "api_keys" table
DROP TABLE "api_keys";
