"""Which site is crawled when and by whom: the schedule file, the jobs, and the long-lived workers that run them."""
