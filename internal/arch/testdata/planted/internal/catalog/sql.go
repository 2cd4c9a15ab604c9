package catalog

// published asks for the tenant, and says so in words besides.
const published = `SELECT id FROM courses WHERE tenant_id = $1 AND published`

const (
	all   = `SELECT id FROM courses`
	moved = `UPDATE courses SET position = 1 ` +
		`WHERE id = $1`
	joined = `SELECT 1 FROM answers JOIN other USING (id)` // of tables that are nobody's
)

// Statements are read by nobody.
func Statements() []string {
	return []string{published, all, moved, joined, `DELETE FROM courses WHERE id = $1`}
}
