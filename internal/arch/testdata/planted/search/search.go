package search

import _ "lyceum/internal/catalog"
