"""HTTP: FastAPI routers, one resource a file. They contain neither SQL nor rules; the packages below do the work."""
