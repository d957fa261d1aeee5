"""What Holdall and SkillMeat recorded in a project, read and compared."""
