package pg

import (
	stdsql "database/sql"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"
)

// teachNullable makes a connection read into the types of database/sql that ent reads every column into: pgx would make
// a driver.Value of each value first, and have database/sql take that apart.
func teachNullable(types *pgtype.Map) {
	for _, oid := range []uint32{
		pgtype.TextOID, pgtype.VarcharOID, pgtype.TimestamptzOID, pgtype.Int4OID, pgtype.Int8OID, pgtype.BoolOID,
	} {
		if known, ok := types.TypeForOID(oid); ok {
			types.RegisterType(&pgtype.Type{Name: known.Name, OID: oid, Codec: nullableCodec{known.Codec}})
		}
	}
}

// nullableCodec is pgx's for everything but what database/sql has for values that may be null.
type nullableCodec struct{ pgtype.Codec }

// PlanScan implements pgtype.Codec.
func (c nullableCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if into := nullable(target); into != nil {
		if plan := c.Codec.PlanScan(m, oid, format, into); plan != nil {
			return scanNullable{plan}
		}
	}
	return c.Codec.PlanScan(m, oid, format, target)
}

// scanNullable scans into what stands for the target.
type scanNullable struct{ pgtype.ScanPlan }

// Scan implements pgtype.ScanPlan.
func (s scanNullable) Scan(src []byte, target any) error {
	return s.ScanPlan.Scan(src, nullable(target))
}

// nullable is the same target as a type that pgx scans into, nil for others.
func nullable(target any) any {
	switch t := target.(type) {
	case *stdsql.NullString:
		return (*nullString)(t)
	case *stdsql.NullTime:
		return (*nullTime)(t)
	case *stdsql.NullInt64:
		return (*nullInt)(t)
	case *stdsql.NullBool:
		return (*nullBool)(t)
	default:
		return nil
	}
}

type (
	nullString stdsql.NullString
	nullTime   stdsql.NullTime
	nullInt    stdsql.NullInt64
	nullBool   stdsql.NullBool
)

// ScanText implements pgtype.TextScanner.
func (n *nullString) ScanText(v pgtype.Text) error {
	n.String, n.Valid = v.String, v.Valid
	return nil
}

// ScanTimestamptz implements pgtype.TimestamptzScanner. There is no time.Time that is infinite.
func (n *nullTime) ScanTimestamptz(v pgtype.Timestamptz) error {
	if v.InfinityModifier != pgtype.Finite {
		return fmt.Errorf("pg: %v is no time", v.InfinityModifier)
	}
	n.Time, n.Valid = v.Time, v.Valid
	return nil
}

// ScanInt64 implements pgtype.Int64Scanner.
func (n *nullInt) ScanInt64(v pgtype.Int8) error {
	n.Int64, n.Valid = v.Int64, v.Valid
	return nil
}

// ScanBool implements pgtype.BoolScanner.
func (n *nullBool) ScanBool(v pgtype.Bool) error {
	n.Bool, n.Valid = v.Bool, v.Valid
	return nil
}
