package graph

import (
	_ "lyceum/graph/loader"
	_ "lyceum/internal/catalog"
	_ "lyceum/jobs"
	_ "lyceum/search"
)
