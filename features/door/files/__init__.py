"""What a file is and how it is written: CSV and Parquet."""
