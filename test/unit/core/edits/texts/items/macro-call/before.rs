one!(1);
