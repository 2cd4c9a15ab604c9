package catalog

import "lyceum/internal/gen/ent"

// Create writes what the context owns.
func Create(c *ent.Client) *ent.Course { return c.Course.Create().Save() }

const own = "delete from courses where id = $1"
