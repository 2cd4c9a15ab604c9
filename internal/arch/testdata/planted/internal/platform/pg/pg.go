package pg

import (
	_ "lyceum/internal/catalog"
	_ "lyceum/internal/gen/ent"
	_ "lyceum/internal/tenancy/brand"
)
