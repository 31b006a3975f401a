"""Files: from a model's list of EFS paths to S3 objects whose stored bytes were proven (reliability F1-F6)."""
