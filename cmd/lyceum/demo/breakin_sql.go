package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lyceum/internal/platform/pg"
	"lyceum/internal/viewer"
	"lyceum/web"
)

// These attempts go past the API and past ent: raw SQL as the application's own role, which is what is left
// when a developer forgets every check there is.

// tenantTables lists the tables with rows of tenants. The directory of host names is none: it is read to
// find out which tenant a request is for.
const tenantTables = `
	SELECT c.relname FROM pg_class c
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
	WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'domains'
	ORDER BY c.relname`

// bySQL selects from every table without a WHERE.
func bySQL(ctx context.Context, r *raid) ([]web.Attempt, error) {
	mine, err := r.count(as(ctx, r.ofVictim))
	if err != nil {
		return nil, err
	}
	theirs, err := r.count(as(ctx, r.ofIntruder))
	if err != nil {
		return nil, err
	}
	return []web.Attempt{{
		Tried:     fmt.Sprintf("SQL as %s: SELECT without a WHERE, from all %d tables", r.intruder, theirs.tables),
		Answer:    fmt.Sprintf("%d of %s's %d rows, and %d of its own", theirs.victims, r.victim, mine.victims, theirs.intruders),
		StoppedBy: securityWall, Leaked: theirs.victims > 0 || theirs.all > theirs.intruders, Void: mine.victims == 0,
	}}, nil
}

// byNobody does the same where the tenant was forgotten, too.
func byNobody(ctx context.Context, r *raid) ([]web.Attempt, error) {
	theirs, err := r.count(viewer.With(ctx, viewer.Viewer{}))
	if err != nil {
		return nil, err
	}
	return []web.Attempt{{
		Tried:  "SQL as nobody: the same with no tenant set",
		Answer: fmt.Sprintf("%d rows in all", theirs.all), StoppedBy: nobodyWall, Leaked: theirs.all > 0,
	}}, nil
}

// counted is how many rows a viewer sees.
type counted struct {
	tables int
	// victims and intruders are those of the two.
	victims, intruders, all int
}

// count counts without a WHERE, for the tenant of the context.
func (r *raid) count(ctx context.Context) (counted, error) {
	rows, err := r.db.Query(ctx, tenantTables)
	if err != nil {
		return counted{}, fmt.Errorf("list tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return counted{}, fmt.Errorf("list tables: %w", err)
	}
	selects := make([]string, len(tables))
	for i, table := range tables {
		selects[i] = "SELECT tenant_id FROM " + pgx.Identifier{table}.Sanitize()
	}
	found := counted{tables: len(tables)}
	all := "SELECT count(*) FILTER (WHERE tenant_id = $1), count(*) FILTER (WHERE tenant_id = $2), count(*)" +
		" FROM (" + strings.Join(selects, " UNION ALL ") + ") AS rows"
	err = r.db.QueryRow(ctx, all, r.ofVictim, r.ofIntruder).Scan(&found.victims, &found.intruders, &found.all)
	if err != nil {
		return counted{}, fmt.Errorf("count rows: %w", err)
	}
	return found, nil
}

// errUndo ends a transaction whose effect was only to be seen.
var errUndo = errors.New("undo")

// byUpdate renames everybody, without a WHERE, and undoes it.
func byUpdate(ctx context.Context, r *raid) ([]web.Attempt, error) {
	var renamed, victims int
	err := r.undone(ctx, func(ctx context.Context, tx *pg.Tx) error {
		const update = `
			WITH renamed AS (UPDATE users SET name = 'Mallory' RETURNING tenant_id)
			SELECT count(*), count(*) FILTER (WHERE tenant_id = $1) FROM renamed`
		return tx.QueryRow(ctx, update, r.ofVictim).Scan(&renamed, &victims)
	})
	if err != nil {
		return nil, err
	}
	return []web.Attempt{{
		Tried:     fmt.Sprintf("SQL as %s: UPDATE users SET name = 'Mallory', without a WHERE (undone)", r.intruder),
		Answer:    fmt.Sprintf("%d of %s's people renamed, and %d in all", victims, r.victim, renamed),
		StoppedBy: securityWall, Leaked: victims > 0,
	}}, nil
}

// byInsert plants rows: one that claims to be the victim's, and one of the intruder's own that points at
// the victim's course.
func byInsert(ctx context.Context, r *raid) ([]web.Attempt, error) {
	planted, err := r.plant(ctx, "SQL as %s: INSERT an enrollment that belongs to %s", r.ofVictim, r.ownerID)
	if err != nil {
		return nil, err
	}
	pointing, err := r.plant(ctx, "SQL as %s: INSERT an enrollment of its own in a course of %s", r.ofIntruder, r.thiefID)
	if err != nil {
		return nil, err
	}
	return []web.Attempt{planted, pointing}, nil
}

// plant inserts an enrollment of the learner in the victim's course, as a row of the tenant.
func (r *raid) plant(ctx context.Context, tried string, tenant, learner uuid.UUID) (web.Attempt, error) {
	const insert = `
		INSERT INTO enrollments (id, tenant_id, created_at, updated_at, learner_id, course_id, version_id, source, enrolled_by, enrolled_at)
		VALUES ($1, $2, now(), now(), $3, $4, $5, 'STAFF', $3, now())`
	b := r.bait.certificate
	err := r.undone(ctx, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Exec(ctx, insert, uuid.Must(uuid.NewV7()), tenant, learner, b.CourseID, b.VersionID)
		return err
	})
	wall := refusedBy(err)
	if err != nil && wall == "" {
		return web.Attempt{}, err
	}
	attempt := web.Attempt{Tried: fmt.Sprintf(tried, r.intruder, r.victim), Answer: "1 row inserted", StoppedBy: wall, Leaked: err == nil}
	if err != nil {
		attempt.Answer = short(complaint(err))
	}
	return attempt, nil
}

// undone runs fn in a transaction of the intruder's that never commits.
func (r *raid) undone(ctx context.Context, fn func(ctx context.Context, tx *pg.Tx) error) error {
	ctx = as(ctx, r.ofIntruder)
	err := r.db.Tx(ctx, func(tx *pg.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return err
}
