"""Several nodes over one store: which nodes run, which users each of them has, and which cached data another node changed."""
