"""When which site is crawled, and by whom: the schedule file, due times, and the long-lived workers that run them."""
