"""Rules as data: read, judged three-valued against facts, put into words."""
