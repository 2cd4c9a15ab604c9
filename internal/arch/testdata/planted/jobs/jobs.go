package jobs

import (
	_ "lyceum/graph/loader"
	_ "lyceum/internal/catalog"
	_ "lyceum/search"
)
