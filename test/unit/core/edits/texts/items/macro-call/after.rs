one!(2);
