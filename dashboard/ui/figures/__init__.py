"""Result tables to figures; pure."""
