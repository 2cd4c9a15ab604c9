-- A page of a course's places is read in its order, whatever the planner thinks of the course: docs/decisions/0190-growth.md.
-- +goose Up
-- A course is of one tenant. Without being told, the planner takes the share of the tenant's rows times the share of the
-- course's, expects hardly any row, and reads and sorts all of a course for one page.
CREATE STATISTICS "enrollments_tenant_course" (dependencies) ON "tenant_id", "course_id" FROM "enrollments";
CREATE STATISTICS "path_enrollments_tenant_path" (dependencies) ON "tenant_id", "path_id" FROM "path_enrollments";
-- Few places wait; those alone are in the index of who waits.
DROP INDEX "enrollment_tenant_id_course_id_ticket";
CREATE INDEX "enrollment_tenant_id_course_id_ticket" ON "enrollments" ("tenant_id", "course_id", "ticket") WHERE ticket IS NOT NULL;

-- +goose Down
DROP INDEX "enrollment_tenant_id_course_id_ticket";
CREATE INDEX "enrollment_tenant_id_course_id_ticket" ON "enrollments" ("tenant_id", "course_id", "ticket");
DROP STATISTICS "path_enrollments_tenant_path", "enrollments_tenant_course";
