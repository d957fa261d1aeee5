"""What changes a project as a whole: values of a deploy, its proof, and commands of its lock."""
