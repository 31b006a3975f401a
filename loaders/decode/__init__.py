"""The stage `dtx decode`: PHP payloads of `raw_dtx1` become rows of `decoded`."""
