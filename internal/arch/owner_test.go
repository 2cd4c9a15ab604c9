package arch

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// owners says which context writes each entity. Others may read it.
var owners = map[string]string{
	"Achievement":         "internal/engagement",
	"Admission":           "internal/enrollment",
	"Answer":              "internal/assessment",
	"APIKey":              "internal/tenancy",
	"Asset":               "internal/media",
	"Attempt":             "internal/assessment",
	"Attestation":         "internal/learning",
	"AuditEntry":          "internal/compliance",
	"AuditHead":           "internal/compliance",
	"CaptionRevision":     "internal/media",
	"Category":            "internal/catalog",
	"Certificate":         "internal/credential",
	"Completion":          "internal/learning",
	"Course":              "internal/catalog",
	"CourseProgress":      "internal/learning",
	"CourseVersion":       "internal/catalog",
	"DailyFact":           "internal/analytics",
	"Domain":              "internal/tenancy",
	"EngagementProfile":   "internal/engagement",
	"Enrollment":          "internal/enrollment",
	"EnrollmentChange":    "internal/enrollment",
	"EnrollmentGrant":     "internal/enrollment",
	"EnrollmentMigration": "internal/enrollment",
	"Equivalence":         "internal/enrollment",
	"Group":               "internal/tenancy",
	"GroupMember":         "internal/tenancy",
	"Inbox":               "internal/notification",
	"LearningPath":        "internal/pathway",
	"Lesson":              "internal/catalog",
	"LessonProgress":      "internal/learning",
	"LessonVersion":       "internal/catalog",
	"MailPreference":      "internal/notification",
	"Module":              "internal/catalog",
	"Notification":        "internal/notification",
	"PathCourse":          "internal/pathway",
	"PathEnrollment":      "internal/pathway",
	"Placement":           "internal/tenancy",
	"PointRule":           "internal/engagement",
	"Prerequisite":        "internal/catalog",
	"Publication":         "internal/catalog",
	"Question":            "internal/assessment",
	"QuestionVersion":     "internal/assessment",
	"RenditionSet":        "internal/media",
	"Session":             "internal/tenancy",
	"Staff":               "internal/tenancy",
	"StaffSession":        "internal/tenancy",
	"SupportGrant":        "internal/tenancy",
	"Tenant":              "internal/tenancy",
	"Usage":               "internal/media",
	"User":                "internal/tenancy",
}

// excused are writes by packages that own nothing of it, each with its reason.
var excused = map[string]string{
	"breakin_sql.go: cmd/lyceum/demo writes Enrollment":     "attacks another tenant, to show what stops it, and undoes it",
	"breakin_sql.go: cmd/lyceum/demo writes User":           "attacks another tenant, to show what stops it, and undoes it",
	"commit.go: internal/bench/limit writes LessonProgress": "shows how fast a bare commit is, in a database of its own",
	"visit.go: internal/bench/dataset writes Session":       "signs made-up people in, in a database of its own",
	"account.go: internal/bench/crowd writes User":          "gives made-up people passwords, in a database of its own",
}

// line matches the number of the line in what foreignWrites finds.
var line = regexp.MustCompile(`:\d+:`)

// withoutExcused leaves out what is excused, and fails for an excuse that nobody needs.
func withoutExcused(t *testing.T, found []string, excused map[string]string) []string {
	t.Helper()
	needed := map[string]bool{}
	var left []string
	for _, violation := range found {
		place := line.ReplaceAllString(violation, ":")
		needed[place] = true
		if excused[place] == "" {
			left = append(left, violation)
		}
	}
	for place, reason := range excused {
		if !needed[place] {
			t.Errorf("%s is excused (%s) but does not happen", place, reason)
		}
	}
	return left
}

// entPath is the package of the generated entities.
const entPath = module + "internal/gen/ent"

// builder matches the names of the generated types that write an entity.
var builder = regexp.MustCompile(`^(\w+?)(?:CreateBulk|Create|UpdateOne|Update|DeleteOne|Delete|UpsertOne|UpsertBulk|Upsert)$`)

// sqlWrite matches the start of a statement that writes a table.
var sqlWrite = regexp.MustCompile(`(?is)\b(?:insert\s+into|delete\s+from(?:\s+only)?|merge\s+into(?:\s+only)?|truncate(?:\s+table)?|copy)\s+"?(\w+)"?` +
	`|\bupdate\s+(?:only\s+)?"?(\w+)"?(?:\s+(?:as\s+)?\w+)?\s+set\b`)

// foreignWrites names each place where a package holds a builder of an entity that it does not own, or
// spells out SQL that writes the entity's table. tables maps table names to entities. Tests, and pgtest for
// them, may arrange rows of any context.
func foreignWrites(pkgs []*packages.Package, tables map[string]string) []string {
	found := map[string]bool{}
	for _, pkg := range pkgs {
		if short(pkg.PkgPath) == "internal/platform/pgtest" {
			continue
		}
		for expr, tv := range pkg.TypesInfo.Types {
			for _, entity := range append(built(tv.Type), writtenBySQL(tv.Value, tables)...) {
				if owner := owners[entity]; owner == "" || !matches(owner+"/...", short(pkg.PkgPath)) {
					found[fmt.Sprintf("%s: %s writes %s", place(pkg.Fset, expr), short(pkg.PkgPath), entity)] = true
				}
			}
		}
	}
	return slices.Collect(maps.Keys(found))
}

// place is the file's name and the line, which is where a reader looks.
func place(fset *token.FileSet, node ast.Node) string {
	position := fset.Position(node.Pos())
	return fmt.Sprintf("%s:%d", position.Filename[strings.LastIndexByte(position.Filename, '/')+1:], position.Line)
}

// built returns the entities whose builders the type names: itself, behind a pointer, in a list, or as
// what a function takes or gives.
func built(t types.Type) []string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return builtByName(t.Obj())
	case *types.Pointer:
		return built(t.Elem())
	case *types.Slice:
		return built(t.Elem())
	case *types.Array:
		return built(t.Elem())
	case *types.Map:
		return append(built(t.Key()), built(t.Elem())...)
	case *types.Chan:
		return built(t.Elem())
	case *types.Signature:
		return append(built(t.Params()), built(t.Results())...)
	case *types.Tuple:
		var entities []string
		for v := range t.Variables() {
			entities = append(entities, built(v.Type())...)
		}
		return entities
	default:
		return nil
	}
}

// builtByName returns the entity that the generated type writes, if it is such a type.
func builtByName(name *types.TypeName) []string {
	if name.Pkg() == nil || name.Pkg().Path() != entPath {
		return nil
	}
	if match := builder.FindStringSubmatch(name.Name()); match != nil {
		return match[1:2]
	}
	return nil
}

// writtenBySQL returns the entities whose tables the constant string writes.
func writtenBySQL(value constant.Value, tables map[string]string) []string {
	if value == nil || value.Kind() != constant.String {
		return nil
	}
	var entities []string
	for _, match := range sqlWrite.FindAllStringSubmatch(constant.StringVal(value), -1) {
		if entity, ok := tables[strings.ToLower(match[1]+match[2])]; ok {
			entities = append(entities, entity)
		}
	}
	return entities
}

// tableConst matches the constant in which ent writes the table's name of an entity.
var tableConst = regexp.MustCompile(`(?m)^\tTable = "(\w+)"$`)

// entityTables maps the table of each owned entity to the entity, as far as ent has generated it.
func entityTables(t *testing.T, tree string) map[string]string {
	t.Helper()
	byPackage := map[string]string{}
	for entity := range owners {
		byPackage[strings.ToLower(entity)] = entity
	}
	tables := map[string]string{}
	walk(t, tree, func(name string, content []byte) {
		pkg, ok := strings.CutPrefix(name, "internal/gen/ent/")
		if !ok {
			return
		}
		pkg, _, _ = strings.Cut(pkg, "/")
		if match := tableConst.FindSubmatch(content); match != nil && byPackage[pkg] != "" {
			tables[string(match[1])] = byPackage[pkg]
		}
	})
	return tables
}

func TestOnlyTheOwnerWrites(t *testing.T) {
	t.Parallel()
	tables := entityTables(t, ours)
	if len(tables) != len(owners) {
		t.Errorf("%d entities have tables, %d have owners", len(tables), len(owners))
	}
	expect(t, withoutExcused(t, foreignWrites(typed(t, oursTyped), tables), excused))
}

func TestOnlyTheOwnerWritesFindsPlanted(t *testing.T) {
	t.Parallel()
	expect(t, foreignWrites(typed(t, plantedTyped), entityTables(t, planted)),
		"write.go:13: internal/enrollment writes Course", // passes a builder on
		"write.go:14: internal/enrollment writes Course", // calls for one
		"write.go:15: internal/enrollment writes Course", // names a method that gives one
		"write.go:16: internal/enrollment writes Course", // holds it
		"write.go:17: internal/enrollment writes Course", // SQL in one literal
		"write.go:19: internal/enrollment writes Course", // SQL in several
		"write.go:24: internal/enrollment writes Ghost",  // an entity that nobody owns
		"write.go:27: internal/enrollment writes Course", // takes a builder
	)
}

func TestEveryEntityHasAnOwner(t *testing.T) {
	t.Parallel()
	all := entities(t, ours)
	for entity := range all {
		if owners[entity] == "" {
			t.Errorf("%s has no owner: add it to owners", entity)
		}
	}
	for entity, owner := range owners {
		if _, exists := all[entity]; !exists {
			t.Errorf("%s is owned by %s but is no entity: remove it from owners", entity, owner)
		}
		if l := layerOf(module + owner); l == nil || l.name != "context" {
			t.Errorf("%s is owned by %s, which is no context", entity, owner)
		}
	}
}
