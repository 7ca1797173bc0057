"""Publishing a corpus on the Hugging Face Hub."""
