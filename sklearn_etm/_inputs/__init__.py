"""What users hand in: texts, names, columns, pipelines and fitted models of any make."""
